-- People who have one calendar for several businesses (sql/40_time/tables/people.sql), as bookings
-- meet them: they are locked together with their resources, and nobody is chosen who is busy in
-- another business.

/*
 * Return what to lock before vacancies are taken: their resources and sessions, and the people
 * whose one calendar the resources share.
 */
create function scheduling.locks_of_vacancies(vacancies scheduling.vacancy[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[] = array(
        select coalesce(vacancy.session_id, vacancy.id) from unnest(vacancies) as vacancy
    );
begin
    return v_ids || scheduling.people_of(v_ids);
end;
$$;

/*
 * Return the vacancies but those whose person another business has in a period.
 */
create function scheduling.not_busy_elsewhere(vacancies scheduling.vacancy[], during tstzrange)
returns scheduling.vacancy[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if scheduling.people_of(array(select vacancy.id from unnest(vacancies) as vacancy)) = '{}' then
        return vacancies;
    end if;
    return array(
        select vacancy
        from unnest(vacancies) as vacancy
        where
            not exists (
                select 1
                from scheduling.busy_elsewhere(
                    vacancy.id, tstzmultirange(not_busy_elsewhere.during)
                )
            )
    );
end;
$$;
