-- Imported calendars that could not be read for a day: resource, business, host, why.
select
    resources.name as resource,
    businesses.name as business,
    calendar_imports.host,
    calendar_imports.last_error
from catalog.calendar_imports
inner join catalog.resources on calendar_imports.resource_id = resources.id
inner join business.businesses on calendar_imports.business_id = businesses.id
where calendar_imports.failed_since < now() - interval '1 day'
order by businesses.name, resources.name, calendar_imports.host
