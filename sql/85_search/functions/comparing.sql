-- Which entries a search ranks by their words, if too many fit to rank them all.

/*
 * Return the entries that are ranked by their words: all that fit, or if there are more, the 500 of
 * the highest standing and a hundred whose names begin with what was typed. To rank the words of
 * 100,000 entries takes too long. An entry may come twice.
 *
 * What a fiftieth of the best thousand entries fit is soon met in the order of standing. Everything
 * else is found by its words.
 */
create function search.compared(criteria search.entry_criteria)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
set enable_seqscan = 'off'
as $$
declare
    v_ranked constant integer = 500;
    v_read constant integer = 30000;
    v_conditions constant text = search.all_conditions(criteria);
    v_sample bigint;
    v_count bigint = 0;
begin
    execute concat(
        'select count(*) from (select * from search.entries order by standing desc, subject_id'
        ' limit 1000) as entries where ', v_conditions
    ) into v_sample using criteria;
    if v_sample >= 20 then
        return query execute concat(
            'select entries.* from (select * from search.entries order by standing desc, subject_id'
            ' limit ', v_read, ') as entries where ', v_conditions, ' limit ', v_ranked
        )
        using criteria;
        get diagnostics v_count = row_count;
    end if;
    if v_count < v_ranked then
        -- Without the sum this would read the order of standing to its end.
        return query execute concat(
            'select entries.* from search.entries where ', v_conditions,
            ' order by entries.standing + 0 desc, entries.subject_id limit ', v_ranked
        )
        using criteria;
    end if;
    return query execute concat(
        'select entries.* from search.entries where ', v_conditions,
        ' and entries.folded_name collate "C" >= ($1).folded'
        ' and entries.folded_name collate "C" < ($1).folded || chr(1114111)'
        ' order by entries.folded_name collate "C", entries.standing desc limit 100'
    )
    using criteria;
end;
$$;
