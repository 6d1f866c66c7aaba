-- The search reads the candidates one after another and looks for the first free starts of each. It
-- stops as soon as enough businesses have some. Most searches end in the first batch of candidates,
-- so the cost depends on the number of results and hardly on the number of businesses.

/*
 * Return the first three starts of a service in a period, each with one resource: one that the
 * caller knows, else the first in rank. The function searches one day, then longer and longer
 * steps, because most businesses have time soon. A start does not depend on the period searched.
 */
create function search.first_slots(service catalog.services, during tstzrange, known uuid[])
returns public.found_slot[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_slots public.found_slot[] = '{}';
    v_from timestamptz = lower(during);
    v_step interval = interval '1 day';
    v_to timestamptz;
begin
    while v_from < upper(during) and cardinality(v_slots) < 3 loop
        v_to = least(v_from + v_step, upper(during));
        v_slots = v_slots || array(
            select row(
                first.at,
                first.at + make_interval(mins => service.duration_minutes),
                first.id,
                first.remaining
            )::public.found_slot
            from (
                select distinct on (offer.at) offer.*
                from scheduling.vacancies(
                    service.id, tstzmultirange(tstzrange(v_from, v_to)), null, 1, service.duration_minutes
                ) as offer
                where offer.is_leading
                order by offer.at, (offer.id = any(known)) is true desc, offer.rank
                limit 3
            ) as first
            order by first.at
        );
        v_from = v_to;
        v_step = v_step * 2;
    end loop;
    return v_slots[:3];
end;
$$;

/*
 * Return the businesses that fit the criteria and have time, best first. Each comes with its first
 * service that has time and with the first starts of that service. The batches of candidates grow,
 * because most searches end in the first.
 *
 * Definer: reads all allocations, but returns only free starts of public services.
 */
create function search.availability(criteria search.criteria, wanted integer)
returns setof public.availability
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_known uuid[] = search.known();
    v_cursor refcursor = search.candidates(criteria);
    v_batch search.candidate[];
    v_size integer = wanted * 2;
    v_answer public.availability;
    v_found integer = 0;
    v_candidate search.candidate;
begin
    loop
        v_batch = search.next_candidates(v_cursor, v_size);
        for v_candidate in
            select * from search.may_be_open(v_batch, criteria.during)
        loop
            v_answer = search.answer(v_candidate, criteria, v_known);
            if v_answer.business_id is not null then
                return next v_answer;
                v_found = v_found + 1;
                exit when v_found = wanted;
            end if;
        end loop;
        exit when v_found = wanted or cardinality(v_batch) < v_size;
        v_size = least(v_size * 2, 500);
    end loop;
    close v_cursor;
end;
$$;

/*
 * Return a business with its first service that fits the criteria and has a free start. The result
 * is null when it has no such service.
 */
create function search.answer(candidate search.candidate, criteria search.criteria, known uuid[])
returns public.availability
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_slots public.found_slot[] = '{}';
    v_answer public.availability;
begin
    for v_service in
        select * from search.services(candidate.business_id, criteria, known)
    loop
        v_slots = search.first_slots(v_service, criteria.during, known);
        exit when v_slots <> '{}';
    end loop;
    select
        businesses.id,
        businesses.name,
        businesses.time_zone,
        v_service.id,
        v_service.name,
        v_service.duration_minutes,
        v_service.price_minor,
        v_service.currency,
        round(candidate.distance_km::numeric, 2),
        v_slots
    into v_answer
    from business.businesses
    where businesses.id = candidate.business_id and v_slots <> '{}';
    return v_answer;
end;
$$;
