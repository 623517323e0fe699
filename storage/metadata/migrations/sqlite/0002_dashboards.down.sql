DROP TABLE saved_searches;
DROP TABLE dashboard_versions;
DROP TABLE dashboards;
