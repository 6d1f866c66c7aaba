-- Which versions of an app work.

create view public.app_releases
with (security_invoker = true)
as
select
    app_releases.platform,
    app_releases.least_version,
    app_releases.latest_version,
    app_releases.is_stopped,
    app_releases.message,
    app_releases.store_url,
    app_releases.links,
    app_releases.updated_at
from mobile.app_releases;
grant select on public.app_releases to anon, authenticated;
grant insert, update, delete on public.app_releases to authenticated;
grant select, insert, update, delete on public.app_releases to service_role;

comment on view public.app_releases is
'Which versions of an app work, one row a platform. Everybody reads them; admins of the platform '
'write them. Apps ask `app_config`.';
comment on column public.app_releases.platform is 'ios, android or web.';
comment on column public.app_releases.least_version is
'The oldest version that works, such as 2.10.0; older ones must be updated.';
comment on column public.app_releases.latest_version is 'The newest version.';
comment on column public.app_releases.is_stopped is
'Whether nobody may use the app at present, whichever version it has.';
comment on column public.app_releases.message is
'What the app shows when it is stopped or too old; null for its own words.';
comment on column public.app_releases.store_url is 'Where to get the newest version, or null.';
comment on column public.app_releases.links is
'Addresses by name, such as {"booking": "https://example.com/b/{slug}"}.';
comment on column public.app_releases.updated_at is 'When it last changed.';

/*
 * Return whether a version of an app works, and where to get a newer one.
 *
 * Errors:  PT400 invalid_input
 */
create function public.app_config(platform text, version text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_version integer[] = mobile.version_numbers(version);
begin
    if platform not in ('ios', 'android', 'web') is not false then
        perform private.invalid('platform', 'must be ios, android or web');
    elsif v_version is null then
        perform private.invalid('version', 'must be numbers with dots, such as 2.10.0');
    end if;
    return (
        select jsonb_build_object(
            'platform', app_config.platform,
            'version', app_config.version,
            'is_supported', coalesce(
                not app_releases.is_stopped
                and v_version >= mobile.version_numbers(app_releases.least_version),
                true
            ),
            'is_latest', coalesce(
                v_version >= mobile.version_numbers(app_releases.latest_version), true
            ),
            'is_stopped', coalesce(app_releases.is_stopped, false),
            'least_version', app_releases.least_version,
            'latest_version', app_releases.latest_version,
            'message', app_releases.message,
            'store_url', app_releases.store_url,
            'links', coalesce(app_releases.links, '{}')
        )
        from (values (1)) as one (row)
        left join public.app_releases on app_releases.platform = app_config.platform
    );
end;
$$;
grant execute on function public.app_config(text, text) to anon, authenticated, service_role;
comment on function public.app_config(text, text) is
'Return whether this version of an app works. Ask at each start.

Returns `is_supported` (false: update before you go on, or the app is stopped), `is_latest`, '
'`is_stopped`, `least_version`, `latest_version`, `message`, `store_url` and `links`. A platform '
'without a row supports every version.

Errors: invalid_input 400.';
