-- Clients do not read the links of banners' pictures: a banner's image_url says which one it shows.
-- They change a picture by complete_upload, or by writing another image_url.

alter table content.banner_media enable row level security;
grant select on content.banner_media to service_role;
