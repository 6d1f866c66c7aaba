-- Sets who pays for what the points of a business take off.
update loyalty.programs
set bearer = %(bearer)s
where programs.business_id = %(business_id)s
returning programs.id
