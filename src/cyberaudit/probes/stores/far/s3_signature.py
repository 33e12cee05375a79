"""The signature of a question to S3 (AWS Signature Version 4, for GET and HEAD without a body)."""

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote

# RFC 3986 §2.3, which SigV4 follows: nothing else stays as it is.
_UNRESERVED = "-._~"
ALGORITHM = "AWS4-HMAC-SHA256"
NO_BODY = hashlib.sha256(b"").hexdigest()
USUAL_REGION = "us-east-1"


def encoded(text: str, *, keep_slash: bool = False) -> str:
    """Percent-encoded as SigV4 wants it."""
    return quote(text, safe=_UNRESERVED + ("/" if keep_slash else ""), errors="surrogateescape")


def query_of(parameters: dict[str, str]) -> str:
    """A canonical query: sorted, encoded."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed_headers(
    method: str, target: str, *, host: str, user: str, secret: str, region: str, moment: datetime
) -> dict[str, str]:
    """The headers that prove who asks, at `moment` (aware); `target` as sent: path, and a sorted query, encoded."""
    path, _, query = target.partition("?")
    # A word without value is signed as one whose value is empty.
    query = f"{query}=" if query and "=" not in query else query
    stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": NO_BODY, "x-amz-date": stamp}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join((method, path, query, lines, names, NO_BODY))
    reach = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join((ALGORITHM, stamp, reach, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_key(secret, stamp[:8], region), text.encode(), hashlib.sha256).hexdigest()
    proof = f"{ALGORITHM} Credential={user}/{reach}, SignedHeaders={names}, Signature={signature}"
    return {"x-amz-content-sha256": NO_BODY, "x-amz-date": stamp, "Authorization": proof}


def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
