"""A server that behaves as Dexcom's API v3 does, for tests, the demo and whoever integrates.

It runs as a process of its own and knows no Django: ``manage.py dexcom_sandbox --port 8100``. A client changes its base
URL and nothing else; ``/us``, ``/eu`` and ``/jp`` before the paths are the regional hosts. With ``--control``, calls
under ``/_sim`` set its clock, users, switches and faults. docs/dexcom-sandbox.md describes all of it.
"""
