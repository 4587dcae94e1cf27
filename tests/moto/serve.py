"""Serves moto on a free loopback port and writes the port to the file named.

moto has no X-Ray encryption setting, which a KMS key's deletion asks for; it is
answered here as AWS ships it. Everything else is moto.
"""

import json
import logging
import os
import pathlib
import sys

# The policies that AWS manages, which moto leaves out where it is not asked.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

moto = DomainDispatcherApplication(create_backend_app)


def application(environ, start_response):
    """Answers X-Ray's encryption setting, and hands the rest to moto."""
    if environ["PATH_INFO"] == "/EncryptionConfig":
        start_response("200 OK", [("Content-Type", "application/json")])
        answer = {"EncryptionConfig": {"Type": "NONE", "Status": "ACTIVE"}}
        return [json.dumps(answer).encode()]
    return moto(environ, start_response)


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, application, threaded=True)
pathlib.Path(sys.argv[1]).write_text(str(server.server_port))
server.serve_forever()
