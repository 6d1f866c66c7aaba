-- A search always finds the current catalog: the transaction that changes a business, a service or
-- a category also rewrites the document of the business. Services and categories do so once for
-- each statement, so a large import stays fast.

/*
 * Rewrite the document of a changed business.
 *
 * Definer: only the owner may call search.refresh.
 */
create function search.businesses__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array[new.id]);
    return null;
end;
$$;

create trigger _800_refresh_search
after insert or update of
name, description, vertical_id, status, is_active, is_verified, latitude, longitude, time_zone
on business.businesses
for each row
execute function search.businesses__refresh();

/*
 * Rewrite the documents of the businesses whose rows a statement changed.
 *
 * Definer: only the owner may call search.refresh.
 */
create function search.changed__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array(select distinct changed.business_id from changed));
    return null;
end;
$$;

create trigger _800_refresh_search_of_new
after insert on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_old
after delete on catalog.services
referencing old table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.service_categories
referencing new table as changed
for each statement
execute function search.changed__refresh();
