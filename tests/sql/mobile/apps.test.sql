-- An app asks at its start whether its version still works.
begin;
select plan(14);

select tests.person('admin');
select tests.person('mia');
insert into identity.platform_staff (user_id, role) values (tests.id('admin'), 'admin');

select tests.act_as_anon();
select is(
    public.app_config('ios', '1.0'),
    '{"platform": "ios", "version": "1.0", "is_supported": true, "is_latest": true,
      "is_stopped": false, "least_version": null, "latest_version": null, "message": null,
      "store_url": null, "links": {}}'::jsonb,
    'without a row, every version works'
);
select throws_ok(
    $$ select public.app_config('amiga', '1.0') $$,
    'PT400', 'platform must be ios, android or web.', 'there are three platforms'
);
select throws_ok(
    $$ select public.app_config('ios', '1.0-beta') $$,
    'PT400', 'version must be numbers with dots, such as 2.10.0.', 'a version is numbers'
);
select throws_ok(
    $$ select public.app_config('ios', null) $$,
    'PT400', null, 'and is not left out'
);

select tests.act_as('admin');
select lives_ok(
    $$ insert into public.app_releases (platform, least_version, latest_version, store_url, links)
       values ('ios', '2.9', '2.10.1', 'https://example.com/app', '{"help": "https://example.com"}') $$,
    'an admin says which versions work'
);
select throws_ok(
    $$ update public.app_releases set least_version = '2.11' $$,
    'PT400', 'latest_version must not be below least_version.', 'the latest is one of them'
);
select throws_ok(
    $$ update public.app_releases set links = '{"help": 1}' $$,
    'PT400', 'links must be an object of at most 20 addresses by name.', 'links are addresses'
);

select tests.act_as('mia');
select is(
    public.app_config('ios', '2.8.9') ->> 'is_supported', 'false', 'an old version must be updated'
);
select is(
    public.app_config('ios', '2.9') - array['links', 'store_url', 'message'],
    '{"platform": "ios", "version": "2.9", "is_supported": true, "is_latest": false,
      "is_stopped": false, "least_version": "2.9", "latest_version": "2.10.1"}'::jsonb,
    'the oldest one works'
);
select is(
    public.app_config('ios', '2.10.1') ->> 'is_latest', 'true', 'versions compare as numbers'
);
select is(
    public.app_config('ios', '2.10') #>> '{links,help}', 'https://example.com', 'links come along'
);
update public.app_releases set is_stopped = true;
select is(
    (select app_releases.is_stopped from public.app_releases), false, 'Mia does not stop the app'
);

select tests.act_as('admin');
update public.app_releases set is_stopped = true, message = 'Back at noon.';
select is(
    public.app_config('ios', '3') ->> 'is_supported', 'false', 'a stopped app works for nobody'
);
select is(public.app_config('ios', '3') ->> 'message', 'Back at noon.', 'and says why');

select * from finish();
rollback;
