from dexcom_sync.storing.pages import ConnectionMoved, Fetched, Stored, store_page

__all__ = ["ConnectionMoved", "Fetched", "Stored", "store_page"]
