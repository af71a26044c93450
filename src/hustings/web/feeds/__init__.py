"""What others read without being asked: podcasts, calendars, the sitemap."""
