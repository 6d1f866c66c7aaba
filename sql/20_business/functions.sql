-- Which businesses a caller has to do with, and the steps that a business takes.
--
-- Visibility. Whether a caller may see a business is said once, in the policy of business.businesses. Tables
-- of a business that everyone may read say `exists (select 1 from business.businesses where businesses.id =
-- <table>.business_id)`: the policy applies inside, and the planner chooses between one index probe a row
-- and one hash of what is visible. Tables for members say `business_id in (select private.my_businesses(…))`.

/*
 * The businesses in which the caller has a permission: `view` (every role), `serve` (all but accountants),
 * `manage` (owner, manager), `own` (owner), `account` (owner, accountant). Another word gives none.
 * Definer: a policy on business_members that reads business_members would ask itself.
 * plpgsql: its plan is kept for the session, and policies ask once a statement.
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
 * Is a business open to the public: approved and active? What takes bookings and orders asks this.
 * Definer: the answer does not depend on who asks.
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
