DROP TABLE pharos.settings, pharos.login_links, pharos.refresh_tokens, pharos.api_keys, pharos.users, pharos.orgs;
