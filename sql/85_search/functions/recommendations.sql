-- What was sold, counted by a job.

/*
 * Return how popular a number of sales makes something: 0 for none, 1 from a thousand on.
 */
create function search.popularity(unit_count bigint)
returns real
language sql
immutable
security invoker
set search_path = ''
return least(ln(1 + greatest(unit_count, 0)) / ln(1001), 1)::real;
