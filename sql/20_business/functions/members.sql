-- How members join and leave a business. Every function locks the business first, so that changes
-- to its members and invitations take turns.

/*
 * Add a user to a business, under the name of their profile.
 *
 * Errors:  PT409 already_exists
 */
create function business.add_member(business_id uuid, user_id uuid, role business.member_role)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into business.business_members (business_id, user_id, role, display_name)
    select
        add_member.business_id,
        profiles.id,
        add_member.role,
        coalesce(
            profiles.full_name,
            nullif(left(split_part(profiles.email, '@', 1), 200), ''),
            'Member'
        )
    from identity.profiles
    where profiles.id = add_member.user_id
    on conflict on constraint business_members_one_role_each do nothing
    returning business_members.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'This user is already a member of the business.',
            'Change their role instead.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return a member whom the caller may see, and lock the business.
 * Definer: it must give a member of another tenant and an absent one the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function business.find_member(member_id uuid)
returns business.business_members
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_member business.business_members;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select business_members.* into v_member
    from business.business_members
    where
        business_members.id = find_member.member_id
        and (
            private.is_operator()
            or private.is_platform_staff('support')
            or business_members.business_id in (select private.my_businesses('view'))
        );
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such member.',
            'Check the id in the view business_members.'
        );
    end if;
    perform business.lock_business(v_member.business_id);
    return v_member;
end;
$$;

/*
 * Give a member another role, as an owner. The last owner stays one (rules).
 * Definer: nobody has a write grant on members.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_owner
 */
create function business.set_member_role(member_id uuid, role business.member_role)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_member business.business_members = business.find_member(member_id);
begin
    perform private.require_member(v_member.business_id, 'own');
    update business.business_members
    set role = set_member_role.role
    where
        business_members.id = set_member_role.member_id
        and business_members.role <> set_member_role.role;
end;
$$;

/*
 * Remove a member from a business. Owners may, and members who leave; the last owner cannot
 * (rules).
 * Definer: as business.set_member_role.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_owner
 */
create function business.remove_member(member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_member business.business_members = business.find_member(member_id);
begin
    if v_member.user_id is distinct from auth.uid() then
        perform private.require_member(v_member.business_id, 'own');
    end if;
    delete from business.business_members
    where business_members.id = remove_member.member_id;
end;
$$;

/*
 * Return the owners and managers of a business: those who run it, and hear of what concerns it.
 */
create function business.managers_of(business_id uuid)
returns setof business.business_members
language plpgsql
stable
security invoker
rows 3
set search_path = ''
as $$
begin
    return query
    select business_members.*
    from business.business_members
    where
        business_members.business_id = managers_of.business_id
        and business_members.role in ('owner', 'manager');
end;
$$;

/*
 * Return the owners and managers of a business as readers of a message.
 */
create function business.manager_readers(business_id uuid, ordinal integer)
returns setof private.reader
language plpgsql
stable
security invoker
rows 3
set search_path = ''
as $$
begin
    return query
    select
        manager_readers.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from business.managers_of(manager_readers.business_id) as managers
    inner join identity.profiles on profiles.id = managers.user_id;
end;
$$;
