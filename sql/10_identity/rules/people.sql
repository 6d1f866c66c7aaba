-- What must never happen: a user without a profile, an address of somebody else, two default
-- addresses, a platform without an admin, a change of role without a record.

/*
 * Create a profile with each user, and keep its e-mail address equal to the account's.
 * Definer: Supabase Auth (supabase_auth_admin) writes users and has no rights on profiles.
 */
create function identity.users__keep_profile()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into identity.profiles (id, email, full_name)
    values (new.id, new.email, identity.presentable_name(new.raw_user_meta_data))
    on conflict (id) do update
    set email = excluded.email
    where profiles.email is distinct from excluded.email;
    return null;
end;
$$;

create trigger _500_keep_profile
after insert or update of email on auth.users
for each row
execute function identity.users__keep_profile();

create trigger _010_refuse_bad_input
before insert or update on identity.profiles
for each row
execute function private.any__refuse_bad_input();

create trigger _900_touch
before update on identity.profiles
for each row
execute function private.any__touch();

/*
 * Write the caller as the owner of an address, whatever the request says.
 *
 * Errors:  PT401 not_signed_in
 */
create function identity.addresses__keep_owner()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() then
        new.user_id = private.current_user_id();
    end if;
    return new;
end;
$$;

/*
 * Make the first address of a user the default one.
 */
create function identity.addresses__mark_first()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.is_default = new.is_default or not exists (
        select 1 from identity.addresses where addresses.user_id = new.user_id
    );
    return new;
end;
$$;

/*
 * Take the default mark from the old address when another gets it. The user's profile is locked, so
 * that two writers take turns; of several in one statement the first stays.
 * Definer: clients cannot lock a profile.
 */
create function identity.addresses__keep_one_default()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from identity.profiles
    where profiles.id = new.user_id
    for no key update;

    update identity.addresses
    set is_default = false
    where
        addresses.user_id = new.user_id
        and addresses.id <> new.id
        and addresses.is_default
        and exists (
            select 1
            from identity.addresses as newest
            where newest.id = new.id and newest.is_default
        );
    return null;
end;
$$;

create trigger _005_keep_owner
before insert or update on identity.addresses
for each row
execute function identity.addresses__keep_owner();

create trigger _010_refuse_bad_input
before insert or update on identity.addresses
for each row
execute function private.any__refuse_bad_input();

create trigger _100_mark_first
before insert on identity.addresses
for each row
execute function identity.addresses__mark_first();

create trigger _500_keep_one_default
after insert or update on identity.addresses
for each row
when (new.is_default)
execute function identity.addresses__keep_one_default();

create trigger _900_touch
before update on identity.addresses
for each row
execute function private.any__touch();

/*
 * Serialise changes to platform staff: of two admins who remove each other, the second is refused.
 */
create function identity.platform_staff__queue_up()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('identity.platform_staff', 0));
    return null;
end;
$$;

/*
 * Refuse to remove or demote the last admin, on any path. The remaining admins are locked, so that
 * a repeatable read with an old snapshot fails instead of passing.
 *
 * Errors:  PT409 last_admin
 */
create function identity.platform_staff__keep_an_admin()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from identity.platform_staff
    where platform_staff.role = 'admin'
    for share;
    if not found then
        perform private.refuse(
            'PT409', 'last_admin', 'The platform''s last admin cannot be removed.',
            'Make somebody else an admin first.'
        );
    end if;
    return null;
end;
$$;

/*
 * Write a line for every platform role that is given or taken.
 * Definer: only this function writes the history.
 */
create function identity.platform_staff__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into identity.platform_staff_history (user_id, old_role, new_role, actor_id, at)
    values (
        coalesce(new.user_id, old.user_id), old.role, new.role, auth.uid(), private.now()
    );
    perform identity.note_activity(
        coalesce(new.user_id, old.user_id),
        'platform_role_changed',
        jsonb_build_object('from', old.role, 'to', new.role)
    );
    return null;
end;
$$;

create trigger _100_queue_up
before update or delete on identity.platform_staff
for each statement
execute function identity.platform_staff__queue_up();

create trigger _500_keep_history
after insert or update or delete on identity.platform_staff
for each row
execute function identity.platform_staff__keep_history();

create trigger _600_keep_an_admin_when_demoted
after update on identity.platform_staff
for each row
when (old.role = 'admin' and new.role <> 'admin')
execute function identity.platform_staff__keep_an_admin();

create trigger _600_keep_an_admin_when_removed
after delete on identity.platform_staff
for each row
when (old.role = 'admin')
execute function identity.platform_staff__keep_an_admin();

create trigger _100_refuse_rewriting
before update or delete on identity.platform_staff_history
for each row
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on identity.platform_staff_history
for each statement
execute function private.any__refuse_rewriting();
