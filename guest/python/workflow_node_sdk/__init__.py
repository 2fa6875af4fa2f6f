"""What the author of a node imports."""

from .builder import node
from .credentials import api_key, basic, bearer_key, none, oauth2_client_credentials
from .failure import Failure

__all__ = ["Failure", "api_key", "basic", "bearer_key", "node", "none", "oauth2_client_credentials"]
