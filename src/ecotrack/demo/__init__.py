"""Sketch geography and sample data of the Hengshui workspace; everything made here is marked 示意 or 示例."""
