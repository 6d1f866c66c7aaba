select pages.id
from content.pages
left join business.businesses on businesses.id = pages.business_id
where pages.slug = %(slug)s and businesses.slug is not distinct from %(business)s
