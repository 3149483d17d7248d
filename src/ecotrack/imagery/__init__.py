"""The satellite's word: lake surface and plot greenness from rasters. The only importer of rasterio."""
