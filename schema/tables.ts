import type {
  AccountClosingTable,
  AccountCycleTable,
  AccountHoldTable,
  BillingCycleTable,
  CycleConventionTable,
  HeldBillTable,
  HoldRuleTable,
  SetOffTermsTable,
} from "./tables/bill-run.ts";
import type { TaxIdentityTable } from "./tables/tax.ts";
import type { MoveInTable, PlannedMoveOutTable } from "./tables/moves.ts";
import type {
  ApportionedShareTable,
  ApportionmentRuleTable,
  BalancePartTable,
  BuildingBalanceTable,
  EnergyEntryTable,
  EnergyPostingTable,
  FloorAreaTable,
  MeasuredByTable,
} from "./tables/balance.ts";
import type {
  BillBasisTable,
  CorrectionLineTable,
  CorrectionProposalTable,
  CorrectionSequenceTable,
  CorrectionTable,
  CorrectionUsageTable,
  CorrectionChargeTable,
  CorrectionStateTable,
  CorrectionMeasureTable,
  CorrectionBasisTable,
  RebillTermsTable,
  OperatorDocumentTable,
  TariffDocumentTable,
} from "./tables/rebill.ts";
import type {
  BilledMeasureTable,
  BillLineTable,
  BillSequenceTable,
  BillTable,
  BilledUsageTable,
  DueRunTable,
  RatingStateTable,
  RunExceptionTable,
  TrueUpClosingTable,
  TrueUpTable,
} from "./tables/bills.ts";
import type {
  BillChargeTable,
  BillingTermsTable,
  ChargeAssignmentTable,
  ChargePriceTable,
  CustomerClassTable,
  LateFeeRuleTable,
  LateFeeWaiverTable,
  RecurringChargeTable,
  SubledgerBalanceTable,
} from "./tables/charges.ts";
import type {
  PaymentChannelEventTable,
  PaymentChannelTable,
  PaymentOrderTable,
  ResidentPassTable,
  ResidentSessionTable,
} from "./tables/channels.ts";
import type {
  CashDrawerTable,
  ChequeEndingTable,
  ChequeTable,
  CounterShiftTable,
  CounterTermsTable,
  ReceiptPrintTable,
  ReceiptSequenceTable,
  ReceiptTable,
  ShiftCountTable,
  TenderTable,
} from "./tables/counter.ts";
import type {
  AccountFactTable,
  AccountTable,
  AgreementTable,
  BusTable,
  HouseholdTable,
  InstallationTable,
  MeterTable,
  MqttClientTable,
  UsagePointTable,
} from "./tables/metering.ts";
import type {
  ContactPointTable,
  NoticeDeliveryTable,
  NoticeEventTable,
  ToldEntryTable,
  NoticePolicyTable,
  NoticeTable,
} from "./tables/notices.ts";
import type { InstallationReadingTable, MeterEventTable, MeterRatioTable } from "./tables/meter-life.ts";
import type { ManualReadingTable, PhotoTable, ReadingRouteTable, RouteStopTable } from "./tables/manual.ts";
import type { CustomerBalanceTable, JournalTable, PostingTable } from "./tables/money.ts";
import type {
  FoundDecisionTable,
  FoundDeviceTable,
  FoundFrameTable,
  FoundOverflowTable,
  RegisterImportTable,
} from "./tables/onboarding.ts";
import type { AppSessionTable, AppUserTable, OperatorTable } from "./tables/operators.ts";
import type {
  AccountClassTable,
  OwnVersionEventTable,
  PolicyAssignmentTable,
  PolicyVersionTable,
  TariffVersionTable,
} from "./tables/own-versions.ts";
import type {
  ClockCheckTable,
  GapTable,
  HeardDayTable,
  ReadingConflictTable,
  ReadingEditTable,
  ReadingTable,
  RefusedFrameTable,
  VerdictDecisionTable,
  VerdictTable,
} from "./tables/readings.ts";
import type {
  CreditTokenReturnTable,
  CreditTokenTable,
  DeviceCommandTable,
  DeviceKeyTable,
  DeviceSequenceTable,
  TokenMeterTable,
} from "./tables/devices.ts";
import type {
  EmergencyCreditTable,
  ControlTable,
  CutCertificateTable,
  DayTemperatureTable,
  SupplyHoldTable,
  SupplyEventTable,
  SupplyTable,
  WorkOrderTable,
} from "./tables/supply.ts";

/** Kysely types of schema/migrations: one type per table, `tables/` has them by subject. `test/schema/tables.test.ts` compares them with the database. */
export type Tables = {
  operator: OperatorTable;
  app_user: AppUserTable;
  app_session: AppSessionTable;
  account: AccountTable;
  account_fact: AccountFactTable;
  household: HouseholdTable;
  usage_point: UsagePointTable;
  agreement: AgreementTable;
  bus: BusTable;
  mqtt_client: MqttClientTable;
  meter: MeterTable;
  installation: InstallationTable;
  meter_event: MeterEventTable;
  installation_reading: InstallationReadingTable;
  meter_ratio: MeterRatioTable;
  reading: ReadingTable;
  reading_conflict: ReadingConflictTable;
  refused_frame: RefusedFrameTable;
  gap: GapTable;
  clock_check: ClockCheckTable;
  heard_day: HeardDayTable;
  verdict: VerdictTable;
  reading_edit: ReadingEditTable;
  verdict_decision: VerdictDecisionTable;
  journal: JournalTable;
  posting: PostingTable;
  customer_balance: CustomerBalanceTable;
  bill: BillTable;
  bill_sequence: BillSequenceTable;
  bill_line: BillLineTable;
  bill_basis: BillBasisTable;
  operator_document: OperatorDocumentTable;
  tariff_document: TariffDocumentTable;
  rebill_terms: RebillTermsTable;
  correction_proposal: CorrectionProposalTable;
  correction: CorrectionTable;
  correction_sequence: CorrectionSequenceTable;
  correction_line: CorrectionLineTable;
  correction_usage: CorrectionUsageTable;
  correction_charge: CorrectionChargeTable;
  correction_state: CorrectionStateTable;
  correction_measure: CorrectionMeasureTable;
  correction_basis: CorrectionBasisTable;
  billed_usage: BilledUsageTable;
  billed_measure: BilledMeasureTable;
  rating_state: RatingStateTable;
  billing_terms: BillingTermsTable;
  recurring_charge: RecurringChargeTable;
  charge_price: ChargePriceTable;
  charge_assignment: ChargeAssignmentTable;
  bill_charge: BillChargeTable;
  late_fee_rule: LateFeeRuleTable;
  hold_rule: HoldRuleTable;
  account_hold: AccountHoldTable;
  held_bill: HeldBillTable;
  billing_cycle: BillingCycleTable;
  cycle_convention: CycleConventionTable;
  customer_class: CustomerClassTable;
  account_cycle: AccountCycleTable;
  account_closing: AccountClosingTable;
  set_off_terms: SetOffTermsTable;
  move_in: MoveInTable;
  tax_identity: TaxIdentityTable;
  planned_move_out: PlannedMoveOutTable;
  late_fee_waiver: LateFeeWaiverTable;
  subledger_balance: SubledgerBalanceTable;
  true_up: TrueUpTable;
  true_up_closing: TrueUpClosingTable;
  due_run: DueRunTable;
  run_exception: RunExceptionTable;
  supply: SupplyTable;
  emergency_credit: EmergencyCreditTable;
  device_key: DeviceKeyTable;
  device_sequence: DeviceSequenceTable;
  device_command: DeviceCommandTable;
  token_meter: TokenMeterTable;
  credit_token: CreditTokenTable;
  credit_token_return: CreditTokenReturnTable;
  control: ControlTable;
  supply_event: SupplyEventTable;
  cut_certificate: CutCertificateTable;
  work_order: WorkOrderTable;
  supply_hold: SupplyHoldTable;
  day_temperature: DayTemperatureTable;
  contact_point: ContactPointTable;
  notice_policy: NoticePolicyTable;
  notice: NoticeTable;
  notice_delivery: NoticeDeliveryTable;
  notice_event: NoticeEventTable;
  told_entry: ToldEntryTable;
  found_device: FoundDeviceTable;
  found_frame: FoundFrameTable;
  found_overflow: FoundOverflowTable;
  found_decision: FoundDecisionTable;
  register_import: RegisterImportTable;
  measured_by: MeasuredByTable;
  floor_area: FloorAreaTable;
  apportionment_rule: ApportionmentRuleTable;
  building_balance: BuildingBalanceTable;
  balance_part: BalancePartTable;
  apportioned_share: ApportionedShareTable;
  energy_entry: EnergyEntryTable;
  energy_posting: EnergyPostingTable;
  photo: PhotoTable;
  reading_route: ReadingRouteTable;
  route_stop: RouteStopTable;
  manual_reading: ManualReadingTable;
  tariff_version: TariffVersionTable;
  tariff_version_event: OwnVersionEventTable;
  policy_version: PolicyVersionTable;
  policy_version_event: OwnVersionEventTable;
  account_class: AccountClassTable;
  policy_assignment: PolicyAssignmentTable;
  payment_channel: PaymentChannelTable;
  payment_order: PaymentOrderTable;
  payment_channel_event: PaymentChannelEventTable;
  resident_pass: ResidentPassTable;
  resident_session: ResidentSessionTable;
  cash_drawer: CashDrawerTable;
  counter_terms: CounterTermsTable;
  counter_shift: CounterShiftTable;
  shift_count: ShiftCountTable;
  tender: TenderTable;
  cheque: ChequeTable;
  cheque_ending: ChequeEndingTable;
  receipt_sequence: ReceiptSequenceTable;
  receipt: ReceiptTable;
  receipt_print: ReceiptPrintTable;
};
