"""A gap in what was delivered: from its begin to its report."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from i3x.capabilities import Capabilities
from i3x.delivery.backfill import Backfill, fill
from i3x.delivery.settings import Settings
from i3x.errors import ConnectionError, I3XError, ServerError, TimeoutError
from i3x.models import Gap, SyncBatch
from i3x.results import BulkList
