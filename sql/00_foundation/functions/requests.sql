-- What every request of the REST API passes before its statement, and where it came from. On our
-- own platform auth.set_config asks private.check_headers; elsewhere, as on hosted Supabase,
-- PostgREST calls private.check_request as its db-pre-request (75_integrations tells it to).

/*
 * Refuse what tells a client about rows that it cannot see. PostgREST takes the counts `planned`
 * and `estimated`, and plans, from the planner's statistics, which cover every tenant's rows and
 * follow no policy. Only the service role may ask for them. `headers` are those of the request,
 * with names in lower case.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_estimates(headers jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if current_setting('role') = 'service_role' then
        return;
    end if;
    if headers ->> 'prefer' ~* 'count\s*=\s*"?\s*(planned|estimated)' then
        perform private.invalid('count', 'must be exact');
    end if;
    if headers ->> 'accept' ~* 'vnd\.pgrst\.plan' then
        perform private.invalid('Accept', 'must not be a plan');
    end if;
end;
$$;

/*
 * Refuse a request for what its headers say. Our gateway sets X-Has-Nul when a text of the body
 * has the character U+0000, which PostgreSQL cannot store.
 *
 * Errors:  PT400 invalid_input
 */
create function private.check_headers(headers jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if headers ? 'x-has-nul' then
        perform private.invalid('The body', 'must not contain the character U+0000');
    end if;
    perform private.refuse_estimates(headers);
end;
$$;

/*
 * Read a network address that somebody else wrote. Returns null when it is none.
 */
create function private.to_address(value text)
returns inet
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return nullif(value, '')::inet;
exception
    when invalid_text_representation then
        return null;
end;
$$;

/*
 * Return the network address that a request came from; null outside of a request. Our gateway
 * writes X-Real-IP, whatever a client sends. On hosted Supabase the platform writes
 * X-Forwarded-For, with the client first.
 */
create function private.request_address()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
begin
    return private.to_address(
        coalesce(v_headers ->> 'x-real-ip', split_part(v_headers ->> 'x-forwarded-for', ',', 1))
    );
end;
$$;
