-- A banner's image_url follows its pictures, and its pictures follow its image_url, so readers of
-- the banner need to read nothing else.

/*
 * Show a picture on its banner once it is ready.
 * Definer: workers have no access to banners.
 */
create function content.media__show_on_banner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update content.banners
    set image_url = content.picture_url(new)
    from content.banner_media
    where banner_media.media_id = new.id and banners.id = banner_media.banner_id;
    return null;
end;
$$;

create trigger _500_show_on_banner
after update of state on files.media
for each row
when (new.subject = 'banner' and new.state = 'ready' and old.state <> 'ready')
execute function content.media__show_on_banner();

/*
 * Take a picture off its banner when it is let go or deleted.
 * Definer: the caller may have no access to banners.
 */
create function content.media__take_off_banner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update content.banners
    set image_url = null
    where banners.id = old.subject_id and banners.image_url = content.picture_url(old);
    return null;
end;
$$;

create trigger _500_take_off_banner
after update of released_at on files.media
for each row
when (new.subject = 'banner' and new.released_at is not null and old.released_at is null)
execute function content.media__take_off_banner();

create trigger _510_take_off_banner
after delete on files.media
for each row
when (old.subject = 'banner')
execute function content.media__take_off_banner();

/*
 * Let go of the pictures that a banner does not show any more, since it has another image_url.
 * Definer: clients have no grant on the links.
 */
create function content.banners__release_pictures()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from content.banner_media
    using files.media
    where
        banner_media.banner_id = new.id
        and media.id = banner_media.media_id
        and content.picture_url(media) is distinct from new.image_url;
    return null;
end;
$$;

create trigger _500_release_pictures
after update of image_url on content.banners
for each row
when (old.image_url is distinct from new.image_url)
execute function content.banners__release_pictures();

create trigger _500_release_medium
after delete on content.banner_media
for each row execute function files.any__release_medium();
