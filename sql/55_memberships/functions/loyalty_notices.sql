-- How customers hear that points of theirs expire: once for each lot, as many days before as their
-- program says. Points expire by time alone; nothing waits for this.

/*
 * Tell customers of lots that expire soon, at most so many. Returns how many. Of several that look
 * at once each takes other lots.
 * Definer: called by the workers, who have no access to the tables.
 */
create function loyalty.tell_of_expiring(batch integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_lot loyalty.lots;
    v_count integer = 0;
begin
    for v_lot in
        select lots.*
        from loyalty.lots
        inner join loyalty.programs on programs.business_id = lots.business_id
        where
            lots.points > 0
            and lots.told_at is null
            and lots.expires_at > private.now()
            and lots.expires_at <= private.now() + make_interval(days => programs.notice_days)
        order by lots.expires_at
        limit tell_of_expiring.batch
        for update of lots skip locked
    loop
        update loyalty.lots
        set told_at = private.now()
        where lots.id = v_lot.id;
        perform private.emit('points.expiring', jsonb_build_object('lot_id', v_lot.id));
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Return what templates may say about points that expire.
 */
create function loyalty.points_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', lots.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'customer_name', coalesce(customers.name, ''),
            'program_name', programs.name,
            'points', lots.points,
            'expires_at', lots.expires_at,
            'time_zone', businesses.time_zone
        )
    from unnest(points_data.messages) as messages
    inner join loyalty.lots on lots.id = messages.subject_id
    inner join loyalty.programs on programs.business_id = lots.business_id
    inner join business.businesses on businesses.id = lots.business_id
    inner join customers.customers
        on customers.business_id = lots.business_id and customers.id = lots.customer_id;
end;
$$;

/*
 * Return who hears of points: the customer, if they have an account.
 */
create function loyalty.points_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(points_readers.messages) as messages
    inner join loyalty.lots on lots.id = messages.subject_id
    inner join customers.customers
        on customers.business_id = lots.business_id and customers.id = lots.customer_id
    inner join identity.profiles on profiles.id = customers.user_id
    where audience = 'customer' and lots.points > 0;
end;
$$;
