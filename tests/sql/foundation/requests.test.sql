-- What PostgREST asks before each request, where the platform is not ours.
begin;
select plan(6);

select set_config('request.headers', '{"prefer": "count=planned"}', true);
set local role anon;
select throws_ok(
    'select private.check_request()', 'PT400', 'count must be exact.',
    'nobody counts by the planner''s statistics'
);
select set_config('request.headers', '{"prefer": "return=minimal,count=estimated"}', true);
set local role authenticated;
select throws_ok(
    'select private.check_request()', 'PT400', 'count must be exact.', 'nor does a user'
);
select set_config('request.headers', '{"accept": "application/vnd.pgrst.plan+json"}', true);
select throws_ok(
    'select private.check_request()', 'PT400', 'Accept must not be a plan.', 'nor reads plans'
);
select set_config('request.headers', '{"prefer": "count=exact", "user-agent": "planned"}', true);
select lives_ok('select private.check_request()', 'an exact count is for everybody');
select set_config('request.headers', '', true);
select lives_ok('select private.check_request()', 'a request without headers passes');
select set_config('request.headers', '{"prefer": "count=planned"}', true);
set local role service_role;
select lives_ok('select private.check_request()', 'a server may estimate');

select * from finish();
rollback;
