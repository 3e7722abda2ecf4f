"""Asked by the container's health check: does the web process answer under the name it is reached by?"""

import os
import sys
import urllib.request
from urllib.parse import urlsplit

host = urlsplit(os.environ["PUBLIC_URL"]).netloc
request = urllib.request.Request("http://127.0.0.1:8000/readyz", headers={"Host": host})
with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own port
    sys.exit(answer.status != 200)
