-- The highest demand of a stretch stands with what else its bill rests on, where the meter's own register showed it: `quantity` in kW.
alter table sanbiao.billed_measure drop constraint billed_measure_kind_check;
alter table sanbiao.billed_measure add constraint billed_measure_kind_check check (kind in ('export', 'reactive', 'demand'));
alter table sanbiao.correction_measure drop constraint correction_measure_kind_check;
alter table sanbiao.correction_measure add constraint correction_measure_kind_check check (kind in ('export', 'reactive', 'demand'));
