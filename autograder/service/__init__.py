"""The service that grades on submission: takes submissions from nbgrader's exchange, grades them, records the grades.

Its state is plain files below the course's root, each written whole or not at all; whatever lies in the exchange and
has no result is work, so a service that was killed goes on where it was. The engine (``engine.py``) writes these files;
pages read them and write nothing but orders (``orders.py``).
"""
