-- What a search finds: the businesses and their services were written without the triggers that
-- write their entries. Two synonyms stand for what owners write; sales are counted for
-- recommendations.
insert into search.synonyms (id, business_id, terms)
select
    pg_temp.key('synonyms ' || synonyms.terms[1] || demo_businesses.n) as id,
    demo_businesses.id as business_id,
    synonyms.terms
from demo_businesses
cross join (
    values ('{haircut,trim,hairdo}'::text[]), ('{massage,rubdown}'::text[])
) as synonyms (terms);

select search.write_entries_of_businesses(array_agg(demo_businesses.id))
from demo_businesses;

select search.count_sales();
