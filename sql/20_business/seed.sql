-- Lines of business.
insert into business.verticals (id, name, position)
values
('salon', 'Hair salon', 10),
('barber', 'Barber', 20),
('spa', 'Spa and massage', 30),
('nails', 'Nail studio', 40),
('clinic', 'Clinic', 50),
('dental', 'Dentist', 60),
('physiotherapy', 'Physiotherapy', 70),
('veterinary', 'Veterinary practice', 80),
('fitness', 'Fitness and yoga', 90),
('tutoring', 'Lessons and tutoring', 100),
('workshop', 'Repair workshop', 110),
('studio', 'Studio for photo and sound', 120),
('wellness', 'Wellness and coaching', 130),
('retail', 'Shop', 140)
on conflict (id) do update
    set
        name = excluded.name,
        position = excluded.position
    where (verticals.name, verticals.position) is distinct from (excluded.name, excluded.position);

-- The approval workflow.
insert into business.business_transitions (step, from_status, to_status, is_by_business)
values
('submit', 'draft', 'submitted', true),
('submit', 'rejected', 'submitted', true),
('approve', 'submitted', 'approved', false),
('reject', 'submitted', 'rejected', false),
('suspend', 'approved', 'suspended', false),
('reinstate', 'suspended', 'approved', false)
on conflict (from_status, to_status) do update
    set
        step = excluded.step,
        is_by_business = excluded.is_by_business
    where
    (business_transitions.step, business_transitions.is_by_business)
    is distinct from (excluded.step, excluded.is_by_business);
