-- To whom the pictures of services and resources belong.

/*
 * Return the place of a service's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_service(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select services.business_id from catalog.services where services.id = subject_id),
        'service'
    );
end;
$$;

/*
 * Return the place of a resource's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_resource(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select resources.business_id from catalog.resources where resources.id = subject_id),
        'resource'
    );
end;
$$;
