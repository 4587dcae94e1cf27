"""Serves moto on a free loopback port and writes the port to the file named.

moto has no X-Ray encryption setting, which a KMS key's deletion asks for; it is
answered here as AWS ships it. With `--xray URL` every call of X-Ray goes there.
moto takes CloudWatch's calls in JSON and not in CBOR, as the SDK for Rust sends
them; they are rewritten here. Everything else is moto.
"""

import argparse
import http.client
import io
import json
import logging
import os
import pathlib
import urllib.parse

import botocore.session
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer

# The policies that AWS manages, which moto leaves out where it is not asked.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

moto = DomainDispatcherApplication(create_backend_app)
cloudwatch = botocore.session.Session().get_service_model("cloudwatch")
parser = RpcV2CBORParser()
serializer = RpcV2CBORSerializer()


def application(environ, start_response):
    """Answers X-Ray's encryption setting, and hands the rest to moto."""
    if arguments.xray and "/xray/aws4_request" in environ.get("HTTP_AUTHORIZATION", ""):
        return elsewhere(environ, start_response)
    if environ["PATH_INFO"] == "/EncryptionConfig":
        start_response("200 OK", [("Content-Type", "application/json")])
        answer = {"EncryptionConfig": {"Type": "NONE", "Status": "ACTIVE"}}
        return [json.dumps(answer).encode()]
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return in_cbor(environ, start_response)
    return moto(environ, start_response)


def elsewhere(environ, start_response):
    """Hands a call to the X-Ray that was named."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = {
        "Authorization": environ["HTTP_AUTHORIZATION"],
        "Content-Type": environ.get("CONTENT_TYPE", "application/json"),
    }
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(arguments.xray).netloc)
    connection.request(environ["REQUEST_METHOD"], environ["RAW_URI"], body, headers)
    answer = connection.getresponse()
    dropped = ("transfer-encoding", "connection")
    kept = [header for header in answer.getheaders() if header[0].lower() not in dropped]
    start_response(f"{answer.status} {answer.reason}", kept)
    return [answer.read()]


def in_cbor(environ, start_response):
    """Puts a call in CBOR to moto in JSON, and its answer back into CBOR."""
    # /service/GraniteServiceVersion20100801/operation/PutDashboard
    _, _, service, _, operation = environ["PATH_INFO"].split("/")
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    members = parser.parse_data_item(io.BufferedReader(io.BytesIO(body))) if body else {}
    body = json.dumps(members).encode()
    call = {
        **environ,
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "REQUEST_URI": "/",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_AMZ_TARGET": f"{service}.{operation}",
        "wsgi.input": io.BytesIO(body),
    }
    told = []
    answer = b"".join(moto(call, lambda status, headers, *_: told.append((status, headers))))
    status, headers = told[-1]
    answer = json.loads(answer or b"{}")
    written = bytearray()
    shape = cloudwatch.operation_model(operation).output_shape
    if not status.startswith("200"):
        written += b"\xbf"
        for name, value in answer.items():
            serializer._serialize_type_string(written, name, None, None)
            serializer._serialize_type_string(written, str(value), None, None)
        written += b"\xff"
    elif shape is None:
        written += b"\xa0"
    else:
        serializer._serialize_data_item(written, answer, shape)
    dropped = ("content-type", "content-length")
    headers = [header for header in headers if header[0].lower() not in dropped]
    headers += [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    start_response(status, headers)
    return [bytes(written)]


options = argparse.ArgumentParser(description=__doc__)
options.add_argument("port_file", type=pathlib.Path)
options.add_argument("--xray", metavar="URL")
arguments = options.parse_args()
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, application, threaded=True)
arguments.port_file.write_text(str(server.server_port))
server.serve_forever()
