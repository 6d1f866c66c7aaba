-- Where activity comes from. Sign-in writes its own audit, on Supabase and here, so activity is
-- read from there. What happens outside of sign-in is noted where it happens.

/*
 * Note what sign-in wrote into its audit as activity of the user. Refreshing a token is not
 * activity.
 * Definer: Supabase Auth (supabase_auth_admin) writes the audit and has no rights here.
 */
create function identity.audit_log_entries__note_activity()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payload jsonb = new.payload;
    v_traits jsonb = coalesce(v_payload -> 'traits', '{}');
    v_kind identity.activity_kind = identity.activity_kind_of(v_payload ->> 'action', v_traits);
    -- When the operator acts, the user is named in the traits.
    v_user_id text = coalesce(v_traits ->> 'user_id', v_payload ->> 'actor_id');
begin
    if v_kind is null or v_user_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        return null;
    end if;
    perform identity.note_activity(
        v_user_id::uuid,
        v_kind,
        (
            select coalesce(jsonb_object_agg(traits.key, traits.value), '{}')
            from jsonb_each(v_traits) as traits
            where traits.key in ('provider', 'scope', 'reason', 'factor_id', 'by')
        ),
        private.to_address(new.ip_address),
        v_payload ->> 'user_agent'
    );
    return null;
end;
$$;

create trigger _500_note_activity
after insert on auth.audit_log_entries
for each row
when (new.payload ->> 'action' <> 'token_refreshed')
execute function identity.audit_log_entries__note_activity();

/*
 * Note which columns of a profile were changed.
 * Definer: nobody may write activity.
 */
create function identity.profiles__note_activity()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform identity.note_activity(
        new.id,
        'profile_changed',
        jsonb_build_object('columns', array_remove(array[
            case when new.full_name is distinct from old.full_name then 'full_name' end,
            case when new.phone is distinct from old.phone then 'phone' end,
            case when new.locale <> old.locale then 'locale' end,
            case when new.time_zone <> old.time_zone then 'time_zone' end
        ], null))
    );
    return null;
end;
$$;

create trigger _500_note_activity
after update on identity.profiles
for each row
when (
    (old.full_name, old.phone, old.locale, old.time_zone)
    is distinct from (new.full_name, new.phone, new.locale, new.time_zone)
)
execute function identity.profiles__note_activity();

create trigger _100_refuse_rewriting
before update on identity.activity_events
for each row
execute function private.any__refuse_rewriting();

-- Rows that private.forget_old_activity may delete.
create trigger _100_refuse_forgetting
before delete on identity.activity_events
for each row
when (old.at > now() - interval '400 days')
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on identity.activity_events
for each statement
execute function private.any__refuse_rewriting();
