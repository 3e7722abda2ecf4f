"""A provider of letters and texts, by SMTP and HTTP, as one program: what it took is the truth of a test.

`python -m tests.simulator FOLDER SECONDS SEED FAULTS TOLD` prints the two ports as JSON. In FOLDER it appends to
`taken.log`, a line `<message-id> recipient` for each letter and text, written before the sender hears of it, and to
`told.log`, a line `id kind status` for each webhook that it sent.

FAULTS are shares of what it is given: `421 450 554` (by SMTP) and `429 503 500 422` (by HTTP) are answered instead of
taking it; `cut_before` hangs up before it was taken, `cut_after` takes it and hangs up without a word, `slow` answers
two seconds later. TOLD are shares of what it took: `bounced complained` are told of it beside its arrival, `twice` says
each of these words again, `late` says them seconds later, `shuffled` in another order. To whom and how it is told
stands in `doors.json` of FOLDER: a provider, an address and a secret for each sender.
"""
