-- A candidate is a resource that could provide a leg, with the units that it would give and with
-- the reason for assigning it. assign.sql says in which order candidates are tried.

/*
 * Make a candidate.
 */
create function scheduling.make_candidate(
    vacancy scheduling.vacancy,
    free_units integer[],
    priority integer,
    rival_count integer,
    reason scheduling.assignment_reason
)
returns scheduling.candidate
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_candidate scheduling.candidate;
begin
    v_candidate.id = vacancy.id;
    v_candidate.pool = vacancy.pool;
    v_candidate.is_leading = vacancy.is_leading;
    v_candidate.rank = vacancy.rank;
    v_candidate.free_units = make_candidate.free_units;
    v_candidate.priority = make_candidate.priority;
    v_candidate.rival_count = make_candidate.rival_count;
    v_candidate.reason = make_candidate.reason;
    return v_candidate;
end;
$$;

/*
 * Return the same candidate with the reason for which it would be assigned.
 */
create function scheduling.with_reason(
    candidate scheduling.candidate, reason scheduling.assignment_reason
)
returns scheduling.candidate
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_candidate scheduling.candidate = candidate;
begin
    v_candidate.reason = with_reason.reason;
    return v_candidate;
end;
$$;

/*
 * Return the candidate for a leg where there is only one, with one unit; null where there is a
 * choice. Whether its time is still free is left to the insert, which sees what a look would see.
 */
create function scheduling.only_candidate(leg scheduling.leg, vacancies scheduling.vacancy[])
returns scheduling.candidate[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if cardinality(vacancies) <> 1 or vacancies[1].capacity > 1 then
        return null;
    end if;
    return array[
        scheduling.make_candidate(
            vacancies[1],
            free_units => '{1}',
            priority => 0,
            rival_count => 1,
            reason => case
                when vacancies[1].id = leg.resource_id then 'customer' else 'only'
            end::scheduling.assignment_reason
        )
    ];
end;
$$;
