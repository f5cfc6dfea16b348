"""Piccolo's configuration: one engine, one app, and so one linear history of migrations."""

from piccolo.conf.apps import AppRegistry

from procure.db import DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["procure.piccolo_app"])
