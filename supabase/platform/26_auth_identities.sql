-- Identities: who somebody is by the word of another service. What it says of an e-mail address is believed
-- only where it says that it checked; so nobody gets into an account by an address that is not theirs.

/*
 * Sign in somebody whom a provider knows: into the account that has the identity, or into the one
 * that has the same address and both sides have checked it, or into a new one. `flow_id` is the PKCE
 * flow of a client that wants a code, `auth_code` the code.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 signup_disabled · provider_email_needs_verification · email_address_not_provided ·
 *          PT400 user_banned
 */
create or replace function auth.sign_in_with_identity(
    caller jsonb,
    provider text,
    provider_id text,
    identity_data jsonb,
    email text,
    email_verified boolean,
    creates boolean,
    message jsonb,
    flow_id uuid,
    auth_code text,
    provider_tokens jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    perform auth.one_at_a_time(provider || ' ' || provider_id);
    select users.* into v_user
    from auth.users
    inner join auth.identities on identities.user_id = users.id
    where
        identities.provider = sign_in_with_identity.provider
        and identities.provider_id = sign_in_with_identity.provider_id;
    if v_user.id is null then
        if email is null then
            perform auth.refuse(
                422, 'email_address_not_provided',
                'Error getting user email from external provider'
            );
        end if;
        perform auth.one_at_a_time(email);
        v_user = auth.user_with(email, null);
        if v_user.id is not null and not email_verified then
            perform auth.refuse(422, 'provider_email_needs_verification', format(
                'Unverified email with %s. Verify the email with %s in order to sign in',
                provider, provider
            ));
        end if;
        if v_user.id is null then
            if not creates then
                perform auth.refuse(
                    422, 'signup_disabled', 'Signups not allowed for this instance'
                );
            end if;
            v_user = auth.make_user(email, null, null, identity_data, provider);
        elsif v_user.email_confirmed_at is null then
            v_user = auth.forget_unproven(v_user);
        end if;
    end if;
    perform auth.add_identity(v_user, provider, provider_id, identity_data);
    update auth.users
    set raw_user_meta_data = coalesce(users.raw_user_meta_data, '{}') || identity_data
    where users.id = v_user.id
    returning * into v_user;
    if v_user.email_confirmed_at is null and v_user.email is not null then
        if not email_verified and not auth.setting('email_autoconfirm')::boolean then
            perform auth.send(v_user, 'confirmation_token', 'signup', v_user.email, message);
            return auth.refused(422, 'provider_email_needs_verification', format(
                'Unverified email with %s. A confirmation email has been sent to your %s email',
                provider, provider
            ));
        end if;
        v_user = auth.confirm(v_user, 'email');
    end if;
    perform auth.audit(caller, 'login', v_user, jsonb_build_object('provider', provider));
    if flow_id is not null then
        return auth.finish_flow(v_user, flow_id, auth_code, provider_tokens);
    end if;
    return auth.open_session(caller, v_user, 'oauth') || coalesce(provider_tokens, '{}');
end;
$$;

/*
 * Somebody signed up with an address and never proved that it is theirs; now it has turned out to be
 * another's. What they left behind must not open the account.
 */
create or replace function auth.forget_unproven(subject auth.users)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update auth.users
    set
        encrypted_password = '', raw_user_meta_data = '{}',
        phone = null, phone_confirmed_at = null
    where users.id = subject.id;
    delete from auth.identities
    where identities.user_id = subject.id and identities.provider in ('email', 'phone');
    delete from auth.sessions where sessions.user_id = subject.id;
    delete from auth.mfa_factors where mfa_factors.user_id = subject.id;
    delete from auth.webauthn_credentials where webauthn_credentials.user_id = subject.id;
    delete from auth.oauth_consents where oauth_consents.user_id = subject.id;
    return auth.reread(subject);
end;
$$;

/*
 * Begin a PKCE flow with a provider, whose user is not known yet.
 * Definer: the edge may call functions only.
 */
create or replace function auth.begin_oauth(provider text, challenge text, challenge_method text)
returns uuid
language sql
volatile
security definer
set search_path = ''
as $$ select auth.begin_flow(null, provider, 'oauth', challenge, challenge_method) $$;

/* Put user, code and the provider's tokens into a flow. Errors:  PT404 flow_state_not_found */
create or replace function auth.finish_flow(
    subject auth.users, flow_id uuid, auth_code text, provider_tokens jsonb
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update auth.flow_state
    set
        user_id = subject.id,
        auth_code = auth.token_hash(finish_flow.auth_code),
        auth_code_issued_at = now(),
        provider_access_token = provider_tokens ->> 'provider_token',
        provider_refresh_token = provider_tokens ->> 'provider_refresh_token',
        updated_at = now()
    where flow_state.id = flow_id and flow_state.auth_code_issued_at is null;
    if not found then
        perform auth.refuse(
            404, 'flow_state_not_found', 'invalid flow state, no valid flow state found'
        );
    end if;
    return '{"has_code": true}';
end;
$$;

/*
 * Add an identity to the caller's account.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 identity_already_exists · email_exists
 */
create or replace function auth.link_identity(
    caller jsonb,
    provider text,
    provider_id text,
    identity_data jsonb,
    email text,
    email_verified boolean,
    flow_id uuid,
    auth_code text,
    provider_tokens jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_owner uuid = (
        select identities.user_id
        from auth.identities
        where
            identities.provider = link_identity.provider
            and identities.provider_id = link_identity.provider_id
    );
begin
    if v_owner is not null then
        perform auth.refuse(422, 'identity_already_exists', case
            when v_owner = v_user.id then 'Identity is already linked'
            else 'Identity is already linked to another user'
        end);
    end if;
    perform auth.add_identity(v_user, provider, provider_id, identity_data);
    if coalesce(v_user.email, '') = '' and link_identity.email is not null and email_verified then
        if (auth.user_with(link_identity.email, null)).id is not null then
            perform auth.refuse(
                422, 'email_exists', 'A user with this email address has already been registered'
            );
        end if;
        update auth.users
        set
            email = link_identity.email, email_confirmed_at = now(),
            is_anonymous = false, updated_at = now()
        where users.id = v_user.id;
    end if;
    perform auth.audit(
        caller, 'identity_linked', v_user, jsonb_build_object('provider', provider)
    );
    perform auth.notify(caller, v_user, 'identity_linked');
    if flow_id is not null then
        return auth.finish_flow(v_user, flow_id, auth_code, provider_tokens);
    end if;
    return auth.open_session(caller, auth.reread(v_user), 'oauth')
        || coalesce(provider_tokens, '{}');
end;
$$;

/*
 * Take an identity from the caller's account; one always stays.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 single_identity_not_deletable · identity_not_found ·
 *          email_conflict_identity_not_deletable
 */
create or replace function auth.unlink_identity(caller jsonb, identity_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_identity auth.identities;
    v_other text;
begin
    perform auth.one_at_a_time('identities of ' || v_user.id);
    if (
        select count(*) from auth.identities where identities.user_id = v_user.id
    ) <= 1 then
        perform auth.refuse(
            422, 'single_identity_not_deletable',
            'User must have at least 1 identity after unlinking'
        );
    end if;
    delete from auth.identities
    where identities.id = identity_id and identities.user_id = v_user.id
    returning * into v_identity;
    if v_identity.id is null then
        perform auth.refuse(422, 'identity_not_found', 'Identity doesn''t exist');
    end if;
    if v_identity.provider = 'phone' then
        update auth.users
        set phone = null, phone_confirmed_at = null
        where users.id = v_user.id;
    elsif v_identity.email = v_user.email then
        select identities.email into v_other
        from auth.identities
        where identities.user_id = v_user.id and identities.email is not null
        order by identities.email = v_user.email desc, identities.created_at
        limit 1;
        if v_other <> v_user.email and (auth.user_with(v_other, null)).id is not null then
            perform auth.refuse(
                422, 'email_conflict_identity_not_deletable',
                'Unable to unlink identity due to email conflict'
            );
        end if;
        update auth.users
        set email = v_other
        where users.id = v_user.id;
    end if;
    perform auth.list_providers(v_user.id);
    perform auth.audit(
        caller, 'identity_unlinked', v_user, jsonb_build_object('provider', v_identity.provider)
    );
    return '{}';
end;
$$;
