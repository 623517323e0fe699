DROP TABLE pharos.saved_searches, pharos.dashboard_versions, pharos.dashboards;
