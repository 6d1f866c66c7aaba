-- What the edge may call. Everything else in this schema, tables above all, is out of its reach.

do $$
begin
    -- supabase/roles.sql makes it too, after this; there is nothing to grant to before it exists.
    if not exists (select 1 from pg_roles where rolname = 'edge') then
        create role edge login noinherit;
    end if;
end;
$$;

grant usage on schema auth to edge;
grant execute on function
    auth.take_turn(jsonb, text, integer, integer),
    auth.forget_limits(),
    auth.refresh(jsonb, text),
    auth.get_user(jsonb),
    auth.sign_out(jsonb, text),
    auth.list_sessions(jsonb),
    auth.revoke_session(jsonb, uuid),
    auth.sign_up(jsonb, text, text, text, jsonb, jsonb),
    auth.sign_in_anonymously(jsonb, jsonb),
    auth.password_of(jsonb, text, text),
    auth.wrong_password(jsonb, text, text),
    auth.sign_in_with_password(jsonb, uuid, text, text),
    auth.before_update(jsonb),
    auth.update_user(jsonb, text, text, text, jsonb, jsonb),
    auth.exchange_code(jsonb, text, text),
    auth.verify(jsonb, text, text, text, text, text),
    auth.recover(jsonb, text, jsonb),
    auth.send_code(jsonb, text, text, jsonb, boolean, jsonb),
    auth.resend(jsonb, text, text, text, jsonb),
    auth.reauthenticate(jsonb, jsonb),
    auth.use_nonce(jsonb, text)
to edge;
