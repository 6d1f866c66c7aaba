-- On a platform that is not ours, tell PostgREST to call private.check_request. If it calls another
-- function already, that one stays: call private.check_request from there.
do $$
declare
    v_called text = (
        select substr(setting.words, length('pgrst.db_pre_request=') + 1)
        from pg_db_role_setting
        cross join unnest(pg_db_role_setting.setconfig) as setting (words)
        where
            pg_db_role_setting.setrole = 'authenticator'::regrole
            and setting.words like 'pgrst.db_pre_request=_%'
        limit 1
    );
begin
    if to_regprocedure('auth.set_config(text, text, boolean)') is not null
        or v_called = 'private.check_request' then
        return;
    end if;
    if v_called is not null then
        raise warning 'PostgREST calls % before each request: let it call private.check_request.',
            v_called;
        return;
    end if;
    alter role authenticator set pgrst.db_pre_request = 'private.check_request';
    notify pgrst, 'reload config';
exception
    when insufficient_privilege then
        raise exception using
            errcode = 'insufficient_privilege',
            message = 'This login may not tell PostgREST to call private.check_request.',
            hint = 'Run as a superuser: alter role authenticator set pgrst.db_pre_request = '
                || '''private.check_request''';
end;
$$;
