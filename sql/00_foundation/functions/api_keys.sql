-- What a program with an API key may do in the current request. 75_integrations admits the key
-- before the statement and writes down its business and its scopes for this transaction; whoever
-- has the role api_key without having been admitted may do nothing.

/*
 * Return the API key of the current request as {id, business_id, scopes}; null for other callers.
 */
create function private.admitted_key()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return nullif(current_setting('auth.admitted_key', true), '')::jsonb;
end;
$$;

/*
 * Does the API key of this request have a scope of a subject? `access` is read or write; the scope
 * to write includes the one to read.
 */
create function private.key_may(subject text, access text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        private.admitted_key() -> 'scopes' ?| array[subject || ':' || access, subject || ':write'],
        false
    );
end;
$$;
