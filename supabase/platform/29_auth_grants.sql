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
    auth.check_token(jsonb, text),
    auth.take_turn(jsonb, text, integer, integer),
    auth.forget_what_is_over(),
    auth.refresh(jsonb, text, uuid),
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
    auth.use_nonce(jsonb, text),
    auth.enroll_factor(jsonb, text, text, text, text),
    auth.challenge_factor(jsonb, uuid, jsonb, text),
    auth.open_challenge(jsonb, uuid, uuid, text),
    auth.pass_factor(jsonb, uuid, uuid, jsonb),
    auth.unenroll_factor(jsonb, uuid),
    auth.keep_recovery_codes(jsonb, text []),
    auth.use_recovery_code(jsonb, text),
    auth.begin_passkey(jsonb, jsonb),
    auth.take_registration(jsonb, uuid),
    auth.add_passkey(jsonb, jsonb),
    auth.begin_passkey_sign_in(jsonb),
    auth.take_passkey_sign_in(uuid, text),
    auth.sign_in_with_passkey(jsonb, uuid, bigint, boolean),
    auth.list_passkeys(jsonb),
    auth.rename_passkey(jsonb, uuid, text),
    auth.delete_passkey(jsonb, uuid),
    auth.register_client(text, jsonb, text),
    auth.list_clients(integer, integer),
    auth.get_client(uuid),
    auth.update_client(uuid, jsonb),
    auth.delete_client(uuid),
    auth.replace_client_secret(uuid, text),
    auth.begin_authorization(uuid, text, jsonb),
    auth.get_authorization(jsonb, text, text),
    auth.decide_authorization(jsonb, text, boolean, text),
    auth.exchange_authorization(jsonb, jsonb, text, text, text),
    auth.refresh_for_client(jsonb, jsonb, text),
    auth.end_client_session(jsonb, uuid),
    auth.list_oauth_grants(jsonb),
    auth.revoke_oauth_grant(jsonb, uuid),
    auth.sign_in_with_identity(
        jsonb, text, text, jsonb, text, boolean, boolean, jsonb, uuid, text, jsonb
    ),
    auth.begin_oauth(text, text, text),
    auth.link_identity(jsonb, text, text, jsonb, text, boolean, uuid, text, jsonb),
    auth.unlink_identity(jsonb, uuid),
    auth.admin_list_users(integer, integer, text),
    auth.admin_get_user(uuid),
    auth.admin_create_user(jsonb, text, text, text, jsonb),
    auth.admin_update_user(jsonb, uuid, text, text, text, jsonb),
    auth.admin_delete_user(jsonb, uuid, boolean),
    auth.admin_list_factors(uuid),
    auth.admin_list_passkeys(uuid),
    auth.admin_delete_passkey(jsonb, uuid, uuid),
    auth.admin_change_factor(jsonb, uuid, uuid, boolean, text),
    auth.admin_list_audit(integer, integer),
    auth.admin_invite(jsonb, text, jsonb, jsonb),
    auth.admin_generate_link(jsonb, text, text, text, text, jsonb, jsonb)
to edge;
