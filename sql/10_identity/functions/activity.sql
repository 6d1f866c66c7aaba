-- How activity is noted and deleted.

/*
 * Return what an entry in the audit of sign-in means to its user, or null when it does not concern
 * them. The entries use the words of Supabase Auth. A second factor counts as added when its first
 * code was right.
 */
create function identity.activity_kind_of(action text, traits jsonb)
returns identity.activity_kind
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when action = 'user_signedup' then 'signed_up'
        when action = 'login' then 'signed_in'
        when action = 'logout' then 'signed_out'
        when action = 'token_revoked' and traits ? 'reason' then 'session_ended'
        when action = 'user_recovery_requested' then 'recovery_requested'
        when action = 'user_updated_password' then 'password_changed'
        when action = 'user_modified' then 'account_changed'
        when action = 'user_deleted' then 'account_deleted'
        when action = 'factor_updated' and traits ->> 'status' = 'verified' then 'factor_added'
        when action in ('factor_unenrolled', 'factor_deleted') then 'factor_removed'
        when action = 'passkey_created' then 'passkey_added'
        when action = 'passkey_deleted' then 'passkey_removed'
        when action = 'verification_attempted' and traits ? 'recovery_code'
            then 'recovery_code_used'
        when action = 'identity_linked' then 'identity_linked'
        when action = 'identity_unlinked' then 'identity_unlinked'
    end::identity.activity_kind;
end;

/*
 * Note what a user did, or what was done to their account. Address and program come from the
 * request unless they are given.
 */
create function identity.note_activity(
    user_id uuid,
    kind identity.activity_kind,
    details jsonb default '{}',
    ip inet default null,
    user_agent text default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
begin
    insert into identity.activity_events (user_id, kind, at, ip, user_agent, details)
    values (
        note_activity.user_id,
        note_activity.kind,
        private.now(),
        coalesce(note_activity.ip, private.request_address()),
        left(coalesce(note_activity.user_agent, v_headers ->> 'user-agent'), 500),
        note_activity.details
    );
end;
$$;

/*
 * Delete activity that is older than 400 days. Returns how much.
 * Definer: called by the workers, who cannot read the table.
 */
create function private.forget_old_activity()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from identity.activity_events
    where activity_events.at <= now() - interval '400 days';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
