"""The `rag-assistant` blueprint: its template, and the earlier forms that the demonstration tells of."""
