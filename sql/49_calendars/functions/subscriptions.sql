-- Calendar feeds: who may create them, and how they end.
-- A feed has the rights of the user who made it, and stops when that user loses the permission. A
-- new token replaces the old address at once. feeds.sql says what a feed contains.

/*
 * Create a feed of a resource, of a business, or of the caller's own bookings.
 * Definer: nobody has a write grant on feeds; the function checks the caller.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function scheduling.create_calendar_feed(business_id uuid, resource_id uuid, token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_business_id uuid = scheduling.business_of_feed(business_id, resource_id);
    v_id uuid;
begin
    if v_business_id is not null then
        perform private.require_member(
            v_business_id, case when resource_id is null then 'manage' else 'serve' end
        );
    end if;
    insert into scheduling.calendar_feeds (user_id, business_id, resource_id, token_hash)
    values (v_user_id, v_business_id, resource_id, business.token_hash(token))
    on conflict on constraint calendar_feeds_one_each do nothing
    returning calendar_feeds.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'You already have this feed.',
            'Rotate it to get a new address.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return the business of a feed: the given one, or that of the resource; null without either. A
 * resource that the caller cannot see is refused like one that does not exist.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.business_of_feed(business_id uuid, resource_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select resources.business_id
        from catalog.resources
        where
            resources.id = business_of_feed.resource_id
            and resources.business_id = coalesce(
                business_of_feed.business_id, resources.business_id
            )
            and (
                business.is_open(resources.business_id)
                or resources.business_id in (select private.my_businesses('view'))
            )
    );
begin
    if resource_id is not null and v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Check the id in the view resources.'
        );
    end if;
    return coalesce(v_business_id, business_id);
end;
$$;

/*
 * Replace the token of the caller's feed. The old address stops at once.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.rotate_calendar_feed(feed_id uuid, token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update scheduling.calendar_feeds
    set token_hash = business.token_hash(token), rotated_at = private.now()
    where calendar_feeds.id = feed_id and calendar_feeds.user_id = private.current_user_id();
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * Delete a feed of the caller, or of a business that the caller manages.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.delete_calendar_feed(feed_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    delete from scheduling.calendar_feeds
    where
        calendar_feeds.id = feed_id
        and (
            calendar_feeds.user_id = auth.uid()
            or calendar_feeds.business_id in (select private.my_businesses('manage'))
            or private.is_operator()
        );
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * Refuse a feed that does not exist or that the caller may not change.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_feed()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such feed.', 'Check the id in the view calendar_feeds.'
    );
end;
$$;

/*
 * Return whether the maker of a feed may still see what it contains. The roles are those with the
 * permissions that scheduling.create_calendar_feed requires.
 */
create function scheduling.is_feed_alive(feed scheduling.calendar_feeds)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from auth.users
        where
            users.id = feed.user_id
            and (users.banned_until is null or users.banned_until <= private.now())
    ) and (
        feed.business_id is null
        or exists (
            select 1
            from business.managers_of(feed.business_id) as managers
            where managers.user_id = feed.user_id
        )
        or feed.resource_id is not null and exists (
            select 1
            from business.business_members
            where
                business_members.business_id = feed.business_id
                and business_members.user_id = feed.user_id
                and business_members.role = 'staff'
        )
    );
end;
$$;
