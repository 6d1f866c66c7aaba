-- Links between media and their subjects. A gallery is a table of links with a position and one
-- featured picture; whoever changes one locks its subject first.

/*
 * Link a medium to its subject, as its domain does it.
 */
create function files.attach(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(medium.subject, medium.kind);
begin
    execute format('select %s($1)', v_kind.attach_function) using medium;
end;
$$;

/*
 * Add a picture at the end of the gallery of a row of a business. The first one is featured.
 */
create function files.add_to_gallery(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(medium.subject, medium.kind);
begin
    perform private.lock(array[medium.subject_id]);
    execute format(
        $sql$
        insert into %1$s as link (business_id, media_id, %3$s position, is_featured)
        select $1, $2, %4$s coalesce(max(link.position), 0) + 1,
            not coalesce(bool_or(link.is_featured), false)
        from %1$s as link
        where link.%2$I = $3
        $sql$,
        v_kind.links, v_kind.gallery_key,
        case when v_kind.gallery_key <> 'business_id' then format('%I,', v_kind.gallery_key) end,
        case when v_kind.gallery_key <> 'business_id' then '$3,' end
    )
    using medium.business_id, medium.id, medium.subject_id;
end;
$$;

/*
 * Make a picture the one of its user; the one before is let go.
 */
create function identity.set_picture(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into identity.profile_media (user_id, media_id)
    values (medium.subject_id, medium.id)
    on conflict (user_id) do update
    set media_id = excluded.media_id;
end;
$$;

/*
 * Note that a business handed in a document.
 */
create function business.hand_in_document(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into business.business_documents (business_id, kind, media_id, created_at)
    values (medium.business_id, medium.kind, medium.id, private.now());
end;
$$;

/*
 * Put the pictures of a gallery into this order. Each must be named once.
 * Definer: nobody has an update grant on galleries.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.reorder(subject text, subject_id uuid, kind text, media_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(subject, kind);
    v_present uuid[];
begin
    perform files.find_place(v_kind, subject_id);
    if v_kind.gallery_key is null then
        perform private.invalid('kind', 'must be one that has an order');
    end if;
    perform private.lock(array[subject_id]);
    execute format(
        'select array_agg(media_id order by media_id) from %s where %I = $1',
        v_kind.links, v_kind.gallery_key
    )
    into v_present
    using subject_id;
    if v_present is distinct from (
        select array_agg(named.id order by named.id) from unnest(media_ids) as named (id)
    ) then
        perform private.invalid('media_ids', 'must name every picture of the gallery once');
    end if;
    execute format(
        'update %s as link set position = named.position '
        'from unnest($1) with ordinality as named (id, position) where link.media_id = named.id',
        v_kind.links
    )
    using media_ids;
end;
$$;

/*
 * Make a picture the featured one of its gallery.
 * Definer: as files.reorder.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.feature(media_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_medium constant files.media = files.find_medium(media_id);
    v_kind constant files.kinds = files.find_kind(v_medium.subject, v_medium.kind);
begin
    if v_kind.gallery_key is null then
        perform private.invalid('media_id', 'must be a picture of a gallery');
    end if;
    perform private.lock(array[v_medium.subject_id]);
    -- The index of the featured one cannot be deferred, so the mark is taken before it is set.
    execute format(
        'update %s set is_featured = false where %I = $1 and is_featured and media_id <> $2',
        v_kind.links, v_kind.gallery_key
    )
    using v_medium.subject_id, media_id;
    execute format('update %s set is_featured = true where media_id = $1', v_kind.links)
    using media_id;
end;
$$;

/*
 * Return a medium that its subject has, if the caller may change it.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.find_medium(media_id uuid)
returns files.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_medium files.media;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select media.* into v_medium
    from files.media
    where
        media.id = media_id
        and media.released_at is null
        and (
            private.is_operator()
            or media.owner_id = auth.uid()
            or media.business_id in (select private.my_businesses('view'))
        );
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such file.', 'Check the id in the view media.'
        );
    end if;
    perform files.find_place(
        files.find_kind(v_medium.subject, v_medium.kind), v_medium.subject_id
    );
    return v_medium;
end;
$$;
