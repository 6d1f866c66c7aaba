-- What must never be: a user without a profile, an address of somebody else, two default addresses,
-- a platform without an admin, a role that nobody remembers giving.

/*
 * A profile comes with its user and follows the e-mail address of the account.
 * Definer: the user is written by Supabase Auth (supabase_auth_admin), which has no rights on
 * profiles.
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
 * An address belongs to whoever writes it down, whatever the request says.
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
 * The first address of a user is the default one.
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
 * A new default takes the mark from the old one. Whoever writes first keeps the user's profile
 * locked, so that two at once come one after the other; of several in one statement the first
 * stays.
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
 * Changes to platform staff come one after the other: of two admins who remove each other, one is
 * late.
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
 * The platform always has an admin: the last one cannot be removed or demoted, on any path. Those
 * who remain are locked, so that a repeatable read that is too old to know fails instead of
 * believing itself.
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
 * Every platform role that is given or taken leaves a line.
 * Definer: nobody but this function writes the history.
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
