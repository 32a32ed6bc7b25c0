"""A client for the WebSockets of real servers."""

from dataclasses import dataclass, field
from typing import Any

from websockets import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


@dataclass
class Conversation:
    """What a client of a WebSocket gets.

    *status* is 101 for an accepted connection. *headers* ignores the case of names. *close_code* is ``None`` if the
    server rejects the connection, or ends it without a close frame.
    """

    status: int
    headers: Any
    messages: list = field(default_factory=list)
    close_code: int | None = None


def converse(url, headers=(), *, says=(), reads=None):
    """Connect to *url*, an ``http`` one, send the texts *says*, and return the conversation.

    The client closes after it has read *reads* messages; by default it reads until the server closes.
    """
    try:
        connection = connect(url.replace("http", "ws", 1), additional_headers=headers, proxy=None)
    except InvalidStatus as rejected:
        return Conversation(rejected.response.status_code, rejected.response.headers)
    with connection:
        conversation = Conversation(101, connection.response.headers)
        try:
            for text in says:
                connection.send(text)
            while len(conversation.messages) != reads:
                conversation.messages.append(connection.recv(timeout=10))
        except ConnectionClosed as closed:
            conversation.close_code = closed.rcvd.code if closed.rcvd else None
    return conversation
