from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ecosystem", "0019_closing")]

    operations = [migrations.RemoveField(model_name="legaltext", name="html")]
