-- Some feature flags, one of each kind.
insert into flags.flags (
    key, description, kind, value_type, is_enabled, is_public, off_value, variants, rules
)
values
(
    'new_calendar', 'The week as a calendar in the console', 'release', 'boolean', true, true,
    'false', '[]', '[{"percentage": 20}]'
),
(
    'front_banner', 'The colour of the banner on the front page', 'experiment', 'string', true,
    true, '"plain"',
    '[{"name": "warm", "weight": 1, "value": "#e76f51"},
      {"name": "cool", "weight": 1, "value": "#2a9d8f"}]',
    '[]'
),
('offers', 'Businesses may send offers', 'kill_switch', 'boolean', true, false, 'false', '[]', '[]'),
(
    'exports', 'Businesses may export their customers', 'permission', 'boolean', true, true,
    'false', '[]', '[{"percentage": 0}]'
)
on conflict (key) do nothing;

insert into flags.targets (flag_key, subject)
select 'exports', businesses.id::text
from business.businesses
where businesses.slug = 'demo-salon-mitte'
on conflict do nothing;
