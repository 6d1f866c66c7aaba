-- Which businesses the caller belongs to, and which callers are refused.
--
-- Only the policy of business.businesses says whether a caller may see a business. The policy of
-- a table that everyone may read says `exists (select 1 from business.businesses where
-- businesses.id = business_id)`: the policy of businesses applies inside, and the planner
-- chooses between an index probe a row and one hash of all that is visible. Measured with 10,000
-- businesses and 100,000 rows, as a member, the rows of one business and all rows: 0.14 and 15
-- ms; with a function of business_id 0.15 and 890 ms; with `business_id in (select …)`
-- 2.2 and 15 ms; without any policy 0.04 and 4 ms. The policy of a table for members says
-- `business_id in (select private.my_businesses('view'))`.

/*
 * Return the businesses in which the caller has a permission: `view` (every role), `serve` (all but
 * accountants), `manage` (owner, manager), `own` (owner), `account` (owner, accountant). Another
 * word returns none. An API key has all but `own` in its business; its scopes say for what.
 * Definer: a policy on business_members that reads business_members would call itself.
 * plpgsql: its plan is kept for the session, and policies call it once a statement.
 */
create function private.my_businesses(permission text)
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
begin
    if current_setting('role') = 'api_key' then
        return query
        select (private.admitted_key() ->> 'business_id')::uuid
        where
            my_businesses.permission in ('view', 'serve', 'manage', 'account')
            and private.admitted_key() is not null;
        return;
    end if;
    return query
    select business_members.business_id
    from business.business_members
    where
        business_members.user_id = auth.uid()
        and case business_members.role
            when 'owner' then
                my_businesses.permission in ('view', 'serve', 'manage', 'own', 'account')
            when 'manager' then my_businesses.permission in ('view', 'serve', 'manage')
            when 'staff' then my_businesses.permission in ('view', 'serve')
            when 'accountant' then my_businesses.permission in ('view', 'account')
        end;
end;
$$;

/*
 * Return the businesses whose bookings the caller may read: those of their memberships, or all for
 * platform staff. It is one set, because no policy can use an index beside a branch such as `or
 * is_platform_staff()`.
 * Definer: as private.my_businesses.
 */
create function private.seen_businesses()
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
begin
    if private.is_platform_staff('support') then
        return query select businesses.id from business.businesses;
    else
        return query select private.my_businesses('view');
    end if;
end;
$$;

/*
 * Is a business open to the public: approved and active? Functions that take bookings and orders
 * check this.
 * Definer: the answer is the same for every caller.
 */
create function business.is_open(business_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from business.businesses
        where
            businesses.id = is_open.business_id
            and businesses.status = 'approved'
            and businesses.is_active
    );
end;
$$;

/*
 * Return the zone of a business's days and hours, or null when there is no such business.
 * Definer: the answer is the same for every caller.
 */
create function business.time_zone(business_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select businesses.time_zone
        from business.businesses
        where businesses.id = time_zone.business_id
    );
end;
$$;

/*
 * Refuse a caller who lacks a permission in a business. The operator's own software has them all.
 * Definer: it must tell a business that the caller may see from one that does not exist for them.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function private.require_member(business_id uuid, permission text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if private.is_operator()
        or require_member.business_id in (
            select private.my_businesses(require_member.permission)
        ) then
        return;
    end if;
    perform private.token_user_id();
    perform business.refuse_caller(require_member.business_id);
end;
$$;

/*
 * Refuse the caller: `forbidden` for a business that they can see, `not_found` for any other.
 * Definer: it reads businesses that the caller may not, to give both cases one answer.
 *
 * Errors:  PT403 forbidden · PT404 not_found
 */
create function business.refuse_caller(business_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if business.is_open(refuse_caller.business_id)
        or refuse_caller.business_id in (select private.my_businesses('view'))
        or exists (
            select 1 from business.businesses where businesses.id = refuse_caller.business_id
        )
        and private.is_platform_staff('support') then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to do this for this business.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such business.',
        'Check the id in the view businesses.'
    );
end;
$$;

/*
 * Refuse a caller who lacks this platform role or a higher one. The operator's own software passes.
 * Definer: as private.require_member.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.require_platform_staff(
    business_id uuid, at_least identity.platform_role
)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if private.is_operator() or private.is_platform_staff(at_least) then
        return;
    end if;
    perform private.token_user_id();
    perform business.refuse_caller(require_platform_staff.business_id);
end;
$$;
